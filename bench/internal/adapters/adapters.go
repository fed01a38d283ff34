// Package adapters compares what it costs to put guards around net/http and gRPC:
// middlewares, interceptors, client transports and balancers, each over the bare
// call.
//
// What the guards themselves cost is in other suites, and the whole HTTP chain
// without a rate limit is in that of admission. Where peers take a guard of
// anybody's, they are given Weir's, so that the difference is the adapter's. All
// contenders of a line admit, or refuse where the line says so, and the suite fails if
// one does anything else.
package adapters

import "github.com/weirgo/weir/bench/internal/suite"

const (
	weirModule       = "github.com/weirgo/weir"
	weirgrpcModule   = "github.com/weirgo/weir/weirgrpc"
	grpcModule       = "google.golang.org/grpc"
	failsafeModule   = "github.com/failsafe-go/failsafe-go"
	gozeroModule     = "github.com/zeromicro/go-zero"
	chiModule        = "github.com/go-chi/chi/v5"
	httprateModule   = "github.com/go-chi/httprate"
	middlewareModule = "github.com/grpc-ecosystem/go-grpc-middleware/v2"

	weirName       = "weir"
	failsafeName   = "failsafe"
	gozeroName     = "go-zero"
	chiName        = "chi"
	httprateName   = "httprate"
	middlewareName = "go-grpc-middleware"

	bareName        = "bare"
	bareInTimeName  = "bare, with a deadline"
	withTimeoutName = "context.WithTimeout alone"
)

// Suite returns the suite. Nothing is made before a line is measured.
func Suite() suite.Suite {
	return suite.Suite{
		Name:  "adapters",
		About: "middlewares, interceptors, client transports and balancers over the bare call",
		Lines: []suite.Line{
			httpRecover(),
			httpTimeout(),
			httpConcurrency(),
			httpBreaker(),
			httpShedder(),
			httpRateLimit(),
			httpRateLimitRefusal(),
			httpChain(),
			httpClient(),
			grpcRecover(),
			grpcRateLimit(),
			grpcObserve(),
			grpcTimeout(),
			grpcConcurrency(),
			grpcBreaker(),
			grpcShedder(),
			grpcStream(),
			grpcChain(),
			grpcClient(),
			grpcLoopback(),
			picks(),
		},
	}
}

// contender returns one that runs the loop which make makes.
func contender(name, module string, make func() suite.Loop) suite.Contender {
	return suite.Contender{Name: name, Module: module, New: func() suite.Subject { return &suite.Timed{Loop: make()} }}
}

// noise is what two measurements of the same work may differ by.
const noise = 1.1

// noDearerThan demands of Weir that it costs no more than any of the peers, which do
// the same.
func noDearerThan(peers ...string) []suite.Target { return within(1, peers) }

// asCheapAs is noDearerThan for peers that can hardly be beaten.
func asCheapAs(peers ...string) []suite.Target { return within(noise, peers) }

func within(ratio float64, peers []string) (targets []suite.Target) {
	for _, peer := range peers {
		targets = append(targets, suite.Ratio(weirName, ratio, peer))
	}
	return targets
}
