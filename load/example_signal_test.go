package load_test

import (
	"fmt"
	"time"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/load"
)

// A pool of connections of which eight of ten are as many as should be in use.
func ExampleSignal() {
	inUse, size := 6, 10
	connections := load.Signal{
		Name:  "connections",
		Read:  func() (float64, error) { return float64(inUse) / (0.8 * float64(size)), nil },
		Sheds: weir.Sheddable,
	}
	for inUse = 6; inUse <= size; inUse += 2 {
		level, err := connections.Read()
		fmt.Println(level, level >= 1, err)
	}
	// Output:
	// 0.75 false <nil>
	// 1 true <nil>
	// 1.25 true <nil>
}

func ExampleDelay() {
	oldest := 75 * time.Millisecond
	jobs := load.Delay("jobs", 50*time.Millisecond, func() time.Duration { return oldest })
	fmt.Println(jobs.Read())
	// Output: 1.5 <nil>
}
