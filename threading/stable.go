package threading

import (
	"context"
	"iter"
	"sync"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/internal/ctxerr"
)

// A StableRunner applies a function to a stream of inputs, several at a time, and
// hands out the outputs in the order of the inputs.
//
// It is made by [NewStableRunner]; the zero value does not work. It must not be
// copied. All methods are safe for concurrent use. Inputs pushed by several
// goroutines at once have the order in which Push let them in. At rest there is no
// goroutine; Close is for those who wait in Get, and a runner that is no longer
// used need not be closed.
//
// At most Buffer outputs are owed at a time: then Push waits for Get. So the
// memory is that of Buffer inputs and outputs, and one that takes long holds up
// those behind it, which wait for it, but not the workers, until the buffer is
// full. Nothing is allocated per input once the buffer has been used all around.
//
// What becomes of one input is the result in its place and no other's: if the
// function panics, that is the [*weir.Panic] as an error, and if it calls
// [runtime.Goexit], [ErrGoexit]. It may call Push and Get, but must not wait
// there for its own output, nor, where the buffer is full, for the room that a Get
// of its own output would make: that would be for ever.
type StableRunner[I, O any] struct {
	fn     func(I) O
	name   string
	buffer int
	tasks  *TaskRunner // begins inputs in their order

	mu     sync.Mutex // guards what follows
	slots  []*slot[I, O]
	first  int // the slot of the output that is next
	owed   int // slots in use, from first on
	closed bool
	late   bool // what has not begun is not to begin

	// Each holds a token while there may be something to get, or room to push.
	// Who takes it and sees that there is more puts one back, so that with a token
	// no waiter sleeps who need not.
	output, room signal
}

// A slot is the place of one input and its output.
type slot[I, O any] struct {
	run   func() // computes this slot; made once
	in    I
	out   O
	err   error
	ready bool
}

// NewStableRunner returns a runner of fn. It panics if fn is nil or o is
// impossible; see Validate.
func NewStableRunner[I, O any](o StableOptions, fn func(I) O) *StableRunner[I, O] {
	mustCall(fn != nil)
	if err := o.Validate(); err != nil {
		panic(err.Error())
	}
	o = o.withDefaults()
	return &StableRunner[I, O]{
		fn:     fn,
		name:   o.Name,
		buffer: o.Buffer,
		tasks:  NewTaskRunner(TaskOptions{Workers: o.Workers, Queue: o.Buffer}),
		output: newSignal(),
		room:   newSignal(),
	}
}

// Push adds an input. While Buffer outputs are owed it waits for Get. It returns
// [ErrClosed] if the runner is closed, also while it waits, or the error of ctx
// once that is done; then in is not worked on.
func (s *StableRunner[I, O]) Push(ctx context.Context, in I) error {
	for ctx.Err() == nil {
		if pushed, err := s.tryPush(in); pushed || err != nil {
			return err
		}
		s.room.wait(ctx)
	}
	s.room.raise() // it may have taken a wake-up that is another's now
	return ctxerr.Err(ctx)
}

func (s *StableRunner[I, O]) tryPush(in I) (pushed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		s.room.raise() // for the next one who waits
		return false, ErrClosed
	}
	if s.owed == s.buffer {
		return false, nil
	}
	t := s.takeSlotLocked()
	t.in = in
	s.owed++
	// Under the lock, so that inputs begin in their order. It does not wait: the
	// tasks are never more than the slots.
	s.tasks.TrySchedule(t.run)
	if s.owed < s.buffer {
		s.room.raise()
	}
	return true, nil
}

// takeSlotLocked returns the slot behind those in use.
func (s *StableRunner[I, O]) takeSlotLocked() *slot[I, O] {
	if s.owed == len(s.slots) {
		s.growLocked()
	}
	return s.slots[(s.first+s.owed)%len(s.slots)]
}

// growLocked makes the ring of slots longer, up to what the buffer may hold. All
// that there are are in use.
func (s *StableRunner[I, O]) growLocked() {
	n := min(s.buffer, max(minRing, 2*len(s.slots)))
	slots := make([]*slot[I, O], 0, n)
	slots = append(append(slots, s.slots[s.first:]...), s.slots[:s.first]...)
	fresh := make([]slot[I, O], n-len(slots))
	for i := range fresh {
		t := &fresh[i]
		t.run = func() { s.run(t) }
		slots = append(slots, t)
	}
	s.slots, s.first = slots, 0
}

// run computes the output of a slot. It does not return if fn calls Goexit.
func (s *StableRunner[I, O]) run(t *slot[I, O]) {
	var out O
	err := ErrGoexit // unless it returns or panics
	defer func() {
		if v := recover(); v != nil {
			err = weir.CaughtPanic(v)
		}
		s.finish(t, out, err)
	}()
	if s.isLate() {
		err = ErrDropped
		return
	}
	out = s.fn(t.in)
	err = nil
}

func (s *StableRunner[I, O]) isLate() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.late
}

func (s *StableRunner[I, O]) finish(t *slot[I, O], out O, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.out, t.err, t.ready = out, err, true
	if s.slots[s.first] == t {
		s.output.raise()
	}
}

// Get returns the output of the first input whose output has not been got, once
// there is one: the value, or the error that became of it. Otherwise it returns
// [ErrClosed] when the runner is closed and owes nothing, or the error of ctx once
// that is done; then no output is lost.
func (s *StableRunner[I, O]) Get(ctx context.Context) (O, error) {
	out, _, err := s.get(ctx)
	return out, err
}

// get also says whether what it returns is an output.
func (s *StableRunner[I, O]) get(ctx context.Context) (out O, got bool, err error) {
	for ctx.Err() == nil {
		if out, got, err := s.tryGet(); got || err != nil {
			return out, got, err
		}
		s.output.wait(ctx)
	}
	s.output.raise()
	return out, false, ctxerr.Err(ctx)
}

func (s *StableRunner[I, O]) tryGet() (out O, got bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owed == 0 {
		if !s.closed {
			return out, false, nil
		}
		s.output.raise() // for the next one who waits
		return out, false, ErrClosed
	}
	t := s.slots[s.first]
	if !t.ready {
		return out, false, nil
	}
	out, err = t.out, t.err
	*t = slot[I, O]{run: t.run}
	s.first = (s.first + 1) % len(s.slots)
	s.owed--
	s.room.raise()
	if s.owed == 0 && s.closed || s.owed > 0 && s.slots[s.first].ready {
		s.output.raise()
	}
	return out, true, err
}

// All returns the outputs from the next one on, each with the error that is nil
// or became of it, until the runner is closed and owes nothing. If ctx ends, its
// error is the last one. What is not ranged over can still be got.
func (s *StableRunner[I, O]) All(ctx context.Context) iter.Seq2[O, error] {
	return func(yield func(O, error) bool) {
		for {
			out, got, err := s.get(ctx)
			if !got && err == ErrClosed || !yield(out, err) || !got {
				return
			}
		}
	}
}

// Close refuses further inputs, also those that wait in Push, and waits until
// those pushed before are worked on. It does not wait for anybody to get the
// outputs, which can still be done afterwards. Once ctx is done, inputs that have
// not begun do not begin any more, and their result is [ErrDropped]; then Close
// returns the error of ctx. Closing several times, also at once, is no harm. The
// function may call it, and then waits for all others.
func (s *StableRunner[I, O]) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.room.raise()
	s.output.raise()
	s.mu.Unlock()
	err := s.tasks.waitAs(ctx, &waiter{closing: true})
	if err != nil {
		s.mu.Lock()
		s.late = true
		s.mu.Unlock()
	}
	return err
}
