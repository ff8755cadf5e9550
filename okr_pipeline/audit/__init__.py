"""From a number back to its sources: explain it, recompute it, examine what it rests on."""
