"""What carries M3UA: links over TCP, UDP and the kernel's SCTP, alike from above."""
