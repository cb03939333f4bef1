package pipeline

// Progress is told how far a job is, for a person who waits. Names are those of
// stages and sources, never of a unit. Calls may come from several goroutines.
type Progress interface {
	// Stage begins a stage of so many steps, 0 when nobody knows, and ends the one
	// before.
	Stage(name string, steps int)
	// Step says that n more steps of the stage are done.
	Step(n int)
	// End ends the last stage.
	End()
}

// NoProgress tells nobody.
type NoProgress struct{}

// Stage implements Progress.
func (NoProgress) Stage(string, int) {}

// Step implements Progress.
func (NoProgress) Step(int) {}

// End implements Progress.
func (NoProgress) End() {}

var _ Progress = NoProgress{}
