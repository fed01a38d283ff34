package syncx_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/weirgo/weir/syncx"
)

func ExampleLimit() {
	ctx := context.Background()
	atOnce := syncx.NewLimit(2)
	var mu sync.Mutex
	running, most := 0, 0

	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := atOnce.Borrow(ctx); err != nil {
				return
			}
			defer atOnce.Return()
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Millisecond)
			mu.Lock()
			running--
			mu.Unlock()
		})
	}
	wg.Wait()
	fmt.Println("at once:", most)
	fmt.Println(atOnce.Return())
	// Output:
	// at once: 2
	// syncx: a Limit got back more than it has lent
}

func ExampleBarrier() {
	var barrier syncx.Barrier
	stock := map[string]int{}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { barrier.Guard(func() { stock["apples"]++ }) })
	}
	wg.Wait()
	fmt.Println(stock)
	// Output:
	// map[apples:100]
}

func ExampleCond() {
	var letters []string
	posted := syncx.NewCond(new(sync.Mutex))
	receive := func(ctx context.Context) (string, error) {
		posted.L.Lock()
		defer posted.L.Unlock()
		for len(letters) == 0 {
			if err := posted.Wait(ctx); err != nil {
				return "", err
			}
		}
		letter := letters[0]
		letters = letters[1:]
		return letter, nil
	}

	go func() {
		posted.L.Lock()
		defer posted.L.Unlock()
		letters = append(letters, "hello")
		posted.Signal()
	}()
	fmt.Println(receive(context.Background()))

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := receive(ctx)
	fmt.Println(err)
	// Output:
	// hello <nil>
	// context deadline exceeded
}

func ExampleDoneChan() {
	var stop syncx.DoneChan
	var wg sync.WaitGroup
	wg.Go(func() {
		select {
		case <-stop.Done():
			fmt.Println("stopped")
		case <-time.After(time.Hour):
		}
	})
	stop.Close()
	stop.Close() // not the first to think of it
	wg.Wait()
	fmt.Println(stop.Closed())
	// Output:
	// stopped
	// true
}

func ExampleOnceGuard() {
	var warned syncx.OnceGuard
	for range 3 {
		if warned.Take() {
			fmt.Println("this option is deprecated")
		}
	}
	// Output:
	// this option is deprecated
}

func ExampleSpinLock() {
	var lock syncx.SpinLock
	lock.Lock()
	fmt.Println(lock.TryLock())
	lock.Unlock()
	fmt.Println(lock.TryLock())
	// Output:
	// false
	// true
}

func ExampleAtomicDuration() {
	var busy syncx.AtomicDuration
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { busy.Add(300 * time.Millisecond) })
	}
	wg.Wait()
	fmt.Println(busy.Load())
	// Output:
	// 3s
}

func ExampleAtomicFloat64() {
	var level syncx.AtomicFloat64
	level.Store(1)
	fmt.Println(level.Add(0.25), level.CompareAndSwap(1.25, 2), level.Load())
	// Output:
	// 1.25 true 2
}

func ExampleLockedCalls() {
	ctx := context.Background()
	var byAccount syncx.LockedCalls[string]
	balance := map[string]*int{"ann": new(int), "bob": new(int)}

	var wg sync.WaitGroup
	for range 100 {
		for account, sum := range balance {
			wg.Go(func() {
				// One at a time for each account; those of the other go on meanwhile.
				_ = byAccount.Do(ctx, account, func(context.Context) error {
					*sum += 10
					return nil
				})
			})
		}
	}
	wg.Wait()
	fmt.Println(*balance["ann"], *balance["bob"])

	sum, err := syncx.LockedCall(ctx, &byAccount, "ann", func(context.Context) (int, error) {
		return *balance["ann"], nil
	})
	fmt.Println(sum, err)
	// Output:
	// 1000 1000
	// 1000 <nil>
}

func ExampleRefResource() {
	file := syncx.NewRefResource(func() { fmt.Println("closed") })
	for range 2 {
		if err := file.Use(); err != nil {
			fmt.Println(err)
		}
	}
	file.Clean()
	fmt.Println("one user left")
	file.Clean()
	fmt.Println(errors.Is(file.Use(), syncx.ErrUseOfCleaned))
	// Output:
	// one user left
	// closed
	// true
}
