"""The on-phone automation server: HTTP and JSON-RPC as the server of uiautomator2 speaks them."""
