// Package balance has two load balancers for gRPC clients: p2c_ewma sends each
// call to the better of two servers drawn at random, consistent_hash sends calls
// about the same key to the same server.
//
//	func init() { balance.RegisterP2C(balance.P2COptions{}) }
//
//	conn, err := grpc.NewClient(target, grpc.WithDefaultServiceConfig(
//		`{"loadBalancingConfig": [{"p2c_ewma": {}}]}`))
//
// gRPC's own round_robin gives every server the same number of calls, slow or
// broken ones, too; its least_request_experimental looks at what is in flight, so a
// server that fails at once looks idle to it. Use round_robin where all servers
// are equally fast and calls equally long; where the servers report their own
// utilisation, weighted_round_robin knows more than any client can measure.
//
// Nothing is registered by importing the package.
//
// # p2c_ewma
//
// A server's load is what a call to it takes, times the calls in flight on it and
// the next one, over the square of the share of calls that succeed. Of two servers
// drawn at random (Mitzenmacher, "The Power of Two Choices in Randomized Load
// Balancing", 2001) the one of the lower load gets the call. Loads that are within
// a factor of two of each other are taken for measured with error: the lower one is
// then only the more likely, so that equal servers get equal shares. What a call
// takes is an average that follows a rise fast and a fall slowly (peak EWMA, as in
// Finagle). A failure never makes it shorter, and what fails, in the table of
// [weirgrpc.ClassifyCode], makes a server dear: one that fails at once does not
// look fast.
//
// A winner that is far dearer than most servers is not taken as long as another
// draw may find a better one. That would leave a server that was bad once alone for
// ever, so that it gets a call now and then however dear it looks.
//
// A server that joins counts as one like the others until it is known. It gets a tenth of its share at first and the whole of it after some seconds, and
// so does one that comes back after it could not be reached. What is known of a
// server outlives all changes of the list of servers as long as its addresses and
// their attributes stay the same, and for a minute its absence from the list. A
// connection that gRPC closes because it is idle, for half an hour by default,
// begins anew.
//
// # consistent_hash
//
//	ctx = balance.WithHashKey(ctx, userID)
//	_, err := client.Call(ctx, req)
//
// Keys are assigned to servers by a [hash.Ring] of those that are connected: when
// one joins or leaves, no key moves but to it or away from it. One that is not
// connected hands each key to the server that is next for it, and gets it back when
// it is connected again. No server may have much more in flight than its share; what
// is beyond that goes to the next one for the key, too. A call without a key goes
// wherever p2c_ewma would send it.
//
// Both balancers honour the weights that package
// google.golang.org/grpc/experimental/balancer/weight attaches to endpoints, and
// take part in gRPC's health checks and outlier detection as round_robin does.
package balance
