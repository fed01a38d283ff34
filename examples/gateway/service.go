package main

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// The service has one method: what does a thing cost? Written by hand, since there
// is so little of it; elsewhere protoc writes this.
const priceMethod = "/shop.Prices/Price"

type prices interface {
	Price(ctx context.Context, thing *wrapperspb.StringValue) (*wrapperspb.Int64Value, error)
}

var pricesDesc = grpc.ServiceDesc{
	ServiceName: "shop.Prices",
	HandlerType: (*prices)(nil),
	Methods:     []grpc.MethodDesc{{MethodName: "Price", Handler: handlePrice}},
}

func handlePrice(srv any, ctx context.Context, decode func(any) error, guards grpc.UnaryServerInterceptor) (any, error) {
	thing := &wrapperspb.StringValue{}
	if err := decode(thing); err != nil {
		return nil, err
	}
	price := func(ctx context.Context, thing any) (any, error) {
		return srv.(prices).Price(ctx, thing.(*wrapperspb.StringValue))
	}
	if guards == nil {
		return price(ctx, thing)
	}
	return guards(ctx, thing, &grpc.UnaryServerInfo{Server: srv, FullMethod: priceMethod}, price)
}

// askPrice calls the service.
func askPrice(ctx context.Context, conn grpc.ClientConnInterface, thing string) (int64, error) {
	price := &wrapperspb.Int64Value{}
	err := conn.Invoke(ctx, priceMethod, wrapperspb.String(thing), price)
	return price.GetValue(), err
}
