// Package etcd has no code, only tests: of package weiretcd against a real etcd,
// which runs within the test, and real gRPC servers and clients. They are here since
// whoever wants weiretcd should not get the requirements of an etcd server.
//
//	go test ./verify/etcd                                # outages of 3 s
//	WEIR_VERIFY=long go test -timeout 30m ./verify/etcd  # outages of 60 s
package etcd
