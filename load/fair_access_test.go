package load

// excessive counts a call, and reports whether it is one too many of its caller.
func (f *shares) excessive(class int, caller string) bool {
	_, excess := f.judge(class, caller)
	return excess
}
