"""What the stack costs: requests, write units, time and memory. ``python -m benchmarks`` prints and writes them."""
