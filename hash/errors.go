package hash

import "errors"

// What Add and SetNodes refuse. The ring stays as it was.
var (
	// ErrWeight refuses a weight below 1 or above 2,147,483,647.
	ErrWeight = errors.New("hash: a weight must be 1 to 2147483647")
	// ErrNode refuses a node without a name, or one that does not equal itself,
	// such as NaN, or that cannot be compared, such as a slice in an interface: it
	// could not be removed again.
	ErrNode = errors.New("hash: a node must have a name and equal itself")
	// ErrDuplicate refuses a node whose name belongs to another one.
	ErrDuplicate = errors.New("hash: two nodes have the same name")
	// ErrTooMany refuses more than 65,536 nodes.
	ErrTooMany = errors.New("hash: more than 65536 nodes")
)
