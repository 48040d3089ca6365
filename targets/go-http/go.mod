module connrig.example/go-http

go 1.24
