"""The program that runs in a worker's process: it opens one model and does what it is asked (`python -P -m effaudit.worker`)."""
