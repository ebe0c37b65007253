"""The demo's story: who uses Keyward, what it watches, and ninety days in which some of it failed and was mended."""
