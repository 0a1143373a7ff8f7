// Package enginetest is the suite of tests that every engine must pass. It compares
// an engine with a reference that evaluates networks in float64 straight from their
// definitions.
//
//	func TestConformance(t *testing.T) {
//		enginetest.Run(t, enginetest.New(t), myengine.New(), 2e-5)
//	}
package enginetest
