"""From the queue to the handset over SS7, and what came of it."""
