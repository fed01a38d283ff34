module github.com/weirgo/weir/examples

go 1.26.0

require github.com/weirgo/weir v0.0.0

replace github.com/weirgo/weir => ../
