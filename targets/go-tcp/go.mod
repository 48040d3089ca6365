module connrig.example/go-tcp

go 1.24
