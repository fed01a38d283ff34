package limit

import "errors"

var (
	errMax      = errors.New("limit: ConcurrencyOptions.Max must be 1 to 1048576")
	errMaxQueue = errors.New("limit: ConcurrencyOptions.MaxQueue must be at most 1048576")
)
