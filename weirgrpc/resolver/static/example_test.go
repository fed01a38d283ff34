package static_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/weirgo/weir/weirgrpc/resolver/static"
)

func ExampleBuilder() {
	servers := static.NewBuilder()
	conn, err := grpc.NewClient("static:///10.0.0.1:443,10.0.0.2:443",
		grpc.WithResolvers(servers), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer conn.Close()

	fmt.Println(servers.Update("10.0.0.3:443", "10.0.0.4:443"))
	fmt.Println(servers.Update("10.0.0.3"))
	// Output:
	// <nil>
	// static: "10.0.0.3" is not of the form host:port
}
