// Package stats has the few statistics that results are reported with: means,
// standard deviations and 95 % intervals.
package stats
