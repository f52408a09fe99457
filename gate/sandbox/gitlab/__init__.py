"""A GitLab on loopback: projects, pipelines, jobs, schedules and variables that live on a clock."""
