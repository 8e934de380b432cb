// guregu/dynamo: so many pages of 100 users and so many puts, and the CPU time of this process for each.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/guregu/dynamo/v2"
)

type Address struct {
	Street string `dynamo:"street"`
	City   string `dynamo:"city"`
	Zip    int    `dynamo:"zip"`
}

type User struct {
	Pk        string   `dynamo:"pk,hash"`
	Sk        string   `dynamo:"sk,range"`
	Email     string   `dynamo:"email"`
	Name      string   `dynamo:"name"`
	TenantID  string   `dynamo:"tenant_id"`
	CreatedAt string   `dynamo:"created_at"`
	Revision  int64    `dynamo:"revision"`
	Credits   int64    `dynamo:"credits"`
	Score     float64  `dynamo:"score"`
	Active    bool     `dynamo:"active"`
	Roles     []string `dynamo:"roles"`
	Address   Address  `dynamo:"address"`
	Tags      []string `dynamo:"tags,set"`
}

func microseconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e3
}

func each(times int, work func() error) float64 {
	for i := 0; i < times/5; i++ {
		must(work())
	}
	start := microseconds()
	for i := 0; i < times; i++ {
		must(work())
	}
	return (microseconds() - start) / float64(times)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	endpoint := os.Args[1]
	pages, _ := strconv.Atoi(os.Args[2])
	puts, _ := strconv.Atoi(os.Args[3])
	db := dynamo.New(aws.Config{
		Region:       "eu-central-1",
		BaseEndpoint: &endpoint,
		Credentials:  credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	})
	table, ctx := db.Table("app"), context.Background()
	var user User
	page := each(pages, func() error {
		var users []User
		err := table.Get("pk", "TENANT#acme-0001").Range("sk", dynamo.BeginsWith, "USER#").All(ctx, &users)
		if err == nil && len(users) != 100 {
			err = fmt.Errorf("%d users", len(users))
		}
		user = users[1]
		return err
	})
	put := each(puts, func() error { return table.Put(user).Run(ctx) })
	fmt.Printf("{\"page_us\": %.1f, \"put_us\": %.1f}\n", page, put)
}
