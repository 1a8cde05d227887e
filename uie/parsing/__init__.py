"""Stage 5: raw answers → predicted Documents. Grounds strings to offsets, puts windows and tasks together, keeps every problem. No torch."""
