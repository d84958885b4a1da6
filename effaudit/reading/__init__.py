"""From files to core types: plans, policies, data and records. What is wrong in a file is told with its place, in words."""
