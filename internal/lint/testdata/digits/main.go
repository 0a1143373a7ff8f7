// Digits is a program that trains on the embedded digits, to see what one carries.
package main

import (
	"context"
	"log"

	"github.com/coarsegrain/taylornet/dataset"
	"github.com/coarsegrain/taylornet/train"
)

func main() {
	digits, err := dataset.Load(context.Background(), "digits", dataset.Options{})
	if err != nil {
		log.Fatal(err)
	}
	result, err := train.Run(context.Background(), train.Recipe("digits"), digits, train.Options{})
	if err != nil {
		log.Fatal(err)
	}
	log.Print(result.Test.Accuracy())
}
