"""Speech: text or sound becomes phones, visemes, words and prosody on one time axis."""
