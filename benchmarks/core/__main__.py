import sys

from benchmarks.core import main

main(sys.argv[1:])
