module github.com/yourorg/plakar-myimporter

go 1.21
