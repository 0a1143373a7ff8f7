package kernel

//go:generate go run -C _asm . -family product -pkg kernel -out ../product_amd64.s -stubs ../product_stub_amd64.go
//go:generate go run -C _asm . -family productgrad -pkg kernel -out ../productgrad_amd64.s -stubs ../productgrad_stub_amd64.go
//go:generate go run -C _asm . -family cg -pkg kernel -out ../cg_amd64.s -stubs ../cg_stub_amd64.go
//go:generate go run -C _asm . -family cggrad -pkg kernel -out ../cggrad_amd64.s -stubs ../cggrad_stub_amd64.go
//go:generate go run -C _asm . -family cgseries -pkg kernel -out ../cgseries_amd64.s -stubs ../cgseries_stub_amd64.go
//go:generate go run -C _asm . -family channel -pkg kernel -out ../channel_amd64.s -stubs ../channel_stub_amd64.go
//go:generate go run -C _asm . -family row -pkg kernel -out ../row_amd64.s -stubs ../row_stub_amd64.go
//go:generate go run -C _asm . -family winograd -pkg kernel -out ../winograd_amd64.s -stubs ../winograd_stub_amd64.go
//go:generate go run -C _asm . -family adamw -pkg kernel -out ../adamw_amd64.s -stubs ../adamw_stub_amd64.go
//go:generate go run -C _asm . -family window -pkg kernel -out ../window_amd64.s -stubs ../window_stub_amd64.go
//go:generate go run -C _asm . -family peak -pkg peak -out ../peak/peak_amd64.s -stubs ../peak/peak_stub_amd64.go
