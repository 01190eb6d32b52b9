"""The automation server on a phone: UI trees, taps, screenshots."""
