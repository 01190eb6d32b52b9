"""What is measured, one script each, printing ratios against a stated peer."""
