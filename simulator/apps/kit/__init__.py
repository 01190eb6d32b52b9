"""What both apps are made of: views, screens, a stack of them, sheets, searches, pickers, uploads."""
