module holder

go 1.24
