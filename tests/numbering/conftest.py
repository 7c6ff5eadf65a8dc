from hypothesis import settings

settings.register_profile("telecom", derandomize=True, max_examples=60, deadline=None)
settings.load_profile("telecom")
