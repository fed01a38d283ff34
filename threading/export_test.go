package threading

// Traces are what r keeps of the past: workers that have not ended, goroutines that
// it takes for its own, and places in the buffer of its queue.
func (r *TaskRunner) Traces() (workers, members, places int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.crew.busy, len(r.crew.members), len(r.tasks.slots)
}
