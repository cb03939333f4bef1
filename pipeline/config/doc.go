// Package config reads sutra.yaml and the catalogs it names: fideslang Dataset
// files with what sutra needs beyond them under meta.sutra. Every mistake is
// reported with its line and, where one is near, the word that was meant; all
// mistakes of a run are reported together.
//
// A catalog written for Fides loads unchanged. What fideslang has and sutra does
// not use is passed over; unknown keys under meta.sutra are mistakes.
package config
