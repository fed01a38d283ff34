package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/weirgo/weir"
	"github.com/weirgo/weir/breaker"
	"github.com/weirgo/weir/fx"
	"github.com/weirgo/weir/limit"
	"github.com/weirgo/weir/load"
	"github.com/weirgo/weir/weirgrpc"
	"github.com/weirgo/weir/weirgrpc/balance"
	"github.com/weirgo/weir/weirgrpc/resolver/static"
	"github.com/weirgo/weir/weirhttp"
	"github.com/weirgo/weir/weirredis"
)

const (
	deadline  = time.Second // an answer that takes longer is of no use
	userRate  = 15          // requests per second that a user may make
	userField = "X-User"
)

// The balancer has to be known before the first connection is made.
var balancer = balance.RegisterP2C(balance.P2COptions{})

// A gateway answers HTTP requests with what a gRPC service says.
type gateway struct {
	http.Handler
	backends *grpc.ClientConn
	retries  *fx.RetryBudget
}

func newGateway(backends []string, store redis.UniversalClient) (*gateway, error) {
	g := &gateway{retries: fx.NewRetryBudget(fx.RetryBudgetOptions{Name: "prices"})}
	var err error
	if g.backends, err = connect(backends); err != nil {
		return nil, err
	}
	users := limit.NewToken(limit.TokenOptions{
		Name:  "users",
		Rate:  limit.PerSecond(userRate),
		Store: weirredis.NewStore(weirredis.StoreOptions{Client: store}),
	})
	// The order matters. The shedder has to know the deadline. What is refused for its
	// user does not concern it. And the breaker is there for the day on which none of the
	// backends works: it sees what they do, and not what the others refuse.
	g.Handler = weirhttp.Chain(
		weirhttp.Recover(weirhttp.RecoverOptions{}),
		weirhttp.Propagate(weirhttp.PropagateOptions{}),
		weirhttp.Timeout(deadline),
		weirhttp.RateLimit(users.Allow, weirhttp.KeyHeader(userField), weirhttp.RateLimitOptions{}),
		weirhttp.Admit(load.New(load.Options{Name: "gateway"}), weirhttp.AdmitOptions{}),
		weirhttp.Admit(breaker.New(breaker.Options{Name: "prices"}), weirhttp.AdmitOptions{}),
	)(http.HandlerFunc(g.price))
	return g, nil
}

// connect connects to all backends at once; each call goes to the better one of two.
func connect(backends []string) (*grpc.ClientConn, error) {
	return grpc.NewClient("static:///"+strings.Join(backends, ","), append(weirgrpc.PropagateClient().DialOptions(),
		grpc.WithResolvers(static.NewBuilder()),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"p2c_ewma": {}}]}`),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		// gRPC would wait for up to two minutes before it looks again for a server.
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: backoff.Config{
			BaseDelay: 100 * time.Millisecond, Multiplier: 2, Jitter: 0.2, MaxDelay: time.Second,
		}}),
	)...)
}

// price is the handler. A call that was under way as a backend died, or that a backend
// refused, is made once more: most likely of another one. But that must not make an
// overload worse, so the budget has to have room.
func (g *gateway) price(w http.ResponseWriter, r *http.Request) {
	var price int64
	err := fx.Retry(r.Context(), func(ctx context.Context) (err error) {
		price, err = askPrice(ctx, g.backends, r.URL.Path)
		return err
	}, fx.RetryOptions{Attempts: 2, Budget: g.retries, RetryIf: mayMend})
	if err != nil {
		fail(r.Context(), w, err)
		return
	}
	fmt.Fprintf(w, "%d\n", price)
}

func mayMend(err error) bool { return status.Code(err) == codes.Unavailable || overloaded(err) }

func overloaded(err error) bool { return weirgrpc.Classify(err) == weir.Overloaded }

// fail makes an answer of what the service said. A refusal has to stay one: the guards
// around this handler treat it in another way than a failure, as do those of whoever is
// in front of the gateway.
func fail(ctx context.Context, w http.ResponseWriter, err error) {
	switch {
	case ctx.Err() != nil, status.Code(err) == codes.DeadlineExceeded, status.Code(err) == codes.Canceled:
		// Nobody here cancels a call that goes on. But when its deadline passes in the
		// backend first, what is cancelled there may come back as just that.
		http.Error(w, "too late", http.StatusGatewayTimeout)
	case overloaded(err):
		w.Header().Set(weirhttp.HeaderRefused, "backend: "+status.Convert(err).Message())
		http.Error(w, "overloaded", http.StatusServiceUnavailable)
	default:
		http.Error(w, "bad gateway", http.StatusBadGateway)
	}
}

func (g *gateway) close() error { return g.backends.Close() }
