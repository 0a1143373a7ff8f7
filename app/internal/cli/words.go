package cli

import (
	"errors"
	"strings"
)

// quoted returns a word as a shell takes it.
func quoted(text string) string {
	plain := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("=.,/_-", r)
	}
	if text != "" && strings.IndexFunc(text, func(r rune) bool { return !plain(r) }) < 0 {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// joinWords returns a text that splitWords, or a shell, splits into the words.
func joinWords(words []string) string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = quoted(word)
	}
	return strings.Join(list, " ")
}

// splitWords splits a text into words as a shell does: at space outside quotes. Single
// quotes keep everything in them. Double quotes do, too, except that a backslash escapes
// one of $ ` " \. Outside quotes a backslash keeps the next character. Nothing is
// expanded.
func splitWords(text string) ([]string, error) {
	var words []string
	var word []byte
	var quote byte // the one that is open
	inWord := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		if quote == 0 && strings.IndexByte(" \t\r\n", c) >= 0 {
			if inWord {
				words = append(words, string(word))
			}
			word, inWord = nil, false
			continue
		}
		inWord = true
		switch {
		case c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == '\\' && quote != '\'' && i+1 == len(text):
			return nil, errors.New("nothing follows the backslash at the end")
		case c == '\\' && (quote == 0 || quote == '"' && strings.IndexByte("$`\"\\", text[i+1]) >= 0):
			i++
			word = append(word, text[i])
		default:
			word = append(word, c)
		}
	}
	if quote != 0 {
		return nil, errors.New("a quote is not closed")
	}
	if inWord {
		words = append(words, string(word))
	}
	return words, nil
}
