"""What changed between two editions: in words, links and images."""
