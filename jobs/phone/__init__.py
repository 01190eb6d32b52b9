"""All contact with phones: the only package that imports ppadb, adbutils and uiautomator2."""
