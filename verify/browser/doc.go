// Package browser has no code, only tests: of the page of weirhttp.Debug in a real
// browser, headless. They are here since whoever wants weirhttp should not get the
// requirements of a browser's driver.
//
//	go test ./verify/browser                              # skipped without a browser
//	WEIR_BROWSER=/opt/chrome go test ./verify/browser     # with that one
//
// With CI set, a browser has to be there: Debian has a package named chromium.
package browser
