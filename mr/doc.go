// Package mr calls functions at the same time: one function for many items, a few
// at a time, or a few functions at once.
//
//	users, err := mr.MapSlice(ctx, ids, func(ctx context.Context, id int) (*User, error) {
//		return db.LoadUser(ctx, id)
//	}, mr.Options{Workers: 8})
//
// Take
//
//   - [Finish] for some different things, such as the parts of one page, and
//     [FinishVoid] if they cannot fail;
//   - [MapSlice] and [ForEachSlice] for the items of a slice;
//   - [Map] and [ForEach] for items that are still to come: any [iter.Seq], also
//     an endless one, and with [FromChan] a channel;
//   - [MapReduce] where an item has any number of results, or results are wanted
//     before all are there.
//
// Do not take it for what lives as long as the service does, nor for jobs that
// nobody waits for: see package threading. Where the functions cannot panic and a
// bound is not needed, golang.org/x/sync/errgroup has less to learn.
//
// # Ends
//
// All functions end in the same way. The first error ends the run (unless
// Options.CollectErrors says otherwise), and so does ctx: no item is begun any
// more, the context that functions are given is done, with the error as its cause,
// and as soon as those that run have returned, the caller has its error. What a
// function does with its context decides how soon that is. If ctx is done in the
// end, its error is returned, with its cause, whatever else has failed, so that a
// nil error says that all was done. Finish alone, which begins all at once, takes
// the functions' word for it.
//
// A panic of any function ends the run too. It is raised again in the caller, when
// the others have returned, as a [*weir.Panic] with the stack of where it was.
// [runtime.Goexit] likewise ends the caller's goroutine, so that t.FailNow may be
// called in a function.
//
// # Sources
//
// A source runs in a goroutine of its own. At the end of the run yield returns
// false, and the source has half a millisecond to return. One that is blocked in
// something else is then left behind, so that it delays nobody; its goroutine ends
// when it comes to yield again or returns. If it panics after that, see
// Options.OnPanic. A source that was left behind may still touch what it shares
// with the caller.
//
// It is read ahead: by as many items as there are workers at first, by a few
// hundred where workers had to wait for it.
//
// # Cost
//
// Items go to the workers, and results to the reducer, one by one as long as those
// have nothing else to do, and in batches where they have. So a trickle flows at
// once, and a cheap item of a busy source costs some tens of nanoseconds, on a
// slice a few, and allocates nothing. A batch holds nothing up: workers that are
// free take over what a busy one has claimed and not begun. Of a slice they do so
// when there is nothing else left; see [ForEachSlice] for what is late then. Items of
// a source that are not cheap are begun in its order; any may wait for earlier ones.
//
// The end of ctx is looked for before each item, but among cheap ones for about one in
// 32, so that a worker may begin some dozens after it. After an error none is begun.
package mr
