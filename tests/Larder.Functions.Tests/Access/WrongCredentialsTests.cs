using System.Net;
using Larder.Functions.Access;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Larder.Functions.Tests.Access;

/// <summary>How many wrong tokens and keys an address may send.</summary>
public sealed class WrongCredentialsTests
{
    private static readonly IPAddress One = IPAddress.Parse("192.0.2.1");
    private static readonly IPAddress Other = IPAddress.Parse("192.0.2.2");

    private readonly FakeTimeProvider _time = new();
    private readonly Lines _lines = new();

    [Fact]
    public void An_address_has_some_tries_a_minute_and_others_have_their_own()
    {
        var wrong = Counter(new WrongCredentialOptions { PerMinute = 3 });

        Assert.Equal([0, 0, 0, 20, 20], Enumerable.Range(0, 5).Select(_ => wrong.Take(One)));
        Assert.Equal(0, wrong.Take(Other));
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(5, wrong.Take(One));
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal([0, 20], Enumerable.Range(0, 2).Select(_ => wrong.Take(One)));
        wrong.GiveBack(One);
        Assert.Equal(0, wrong.Take(One));
    }

    [Fact]
    public void Many_at_once_do_not_get_more()
    {
        var wrong = Counter(new WrongCredentialOptions { PerMinute = 10 });
        var taken = 0;

        Parallel.For(0, 1000, _ => Interlocked.Add(ref taken, wrong.Take(One) == 0 ? 1 : 0));

        Assert.Equal(10, taken);
    }

    [Fact]
    public void It_is_logged_once_a_minute_for_each_address()
    {
        var wrong = Counter(new WrongCredentialOptions());

        for (var i = 0; i < 5; i++)
            wrong.Note(One);
        wrong.Note(Other);
        // Four are not logged yet.
        _time.Advance(TimeSpan.FromMinutes(1));
        wrong.Note(One);

        Assert.Equal(
            [
                "1 requests with a wrong token or key came from 192.0.2.1 since the last such line.",
                "1 requests with a wrong token or key came from 192.0.2.2 since the last such line.",
                "5 requests with a wrong token or key came from 192.0.2.1 since the last such line.",
            ],
            _lines.All);
    }

    [Fact]
    public void Addresses_without_number_take_no_memory_and_are_counted_together()
    {
        var wrong = Counter(new WrongCredentialOptions { PerMinute = 2, Addresses = 10 });
        IPAddress Of(int i) => new([10, 0, (byte)(i >> 8), (byte)i]);

        var taken = Enumerable.Range(0, 1000).Count(i => wrong.Take(Of(i)) == 0);

        // Ten of their own, and two of all others.
        Assert.Equal(12, taken);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, wrong.Take(Of(5000)));
        Assert.Equal(0, wrong.Take(Of(5000)));
        Assert.Equal(30, wrong.Take(Of(5000)));
        Assert.Equal(0, wrong.Take(Of(5001)));
    }

    [Theory]
    [InlineData(false, "203.0.113.9", "198.51.100.1", "198.51.100.1")]
    [InlineData(false, null, "::ffff:198.51.100.1", "198.51.100.1")]
    [InlineData(false, null, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::")]
    [InlineData(false, null, null, "255.255.255.255")]
    [InlineData(true, "203.0.113.9", "10.0.0.1", "203.0.113.9")]
    [InlineData(true, "made.up, 1.1.1.1, 203.0.113.9:41234", "10.0.0.1", "203.0.113.9")]
    [InlineData(true, "[2001:db8:1:2:3:4:5:6]:443", "10.0.0.1", "2001:db8:1:2::")]
    [InlineData(true, "not an address", "10.0.0.1", "255.255.255.255")]
    [InlineData(true, null, "10.0.0.1", "255.255.255.255")]
    public void In_Azure_the_platform_says_where_a_request_comes_from_and_elsewhere_the_connection(bool isAzure, string? forwarded, string? connection, string expected)
    {
        var wrong = new WrongCredentials(new WrongCredentialOptions(), new Platform(isAzure, IsAuthenticating: false), _time, _lines);
        var http = new DefaultHttpContext { Connection = { RemoteIpAddress = connection is null ? null : IPAddress.Parse(connection) } };
        if (forwarded is not null)
            http.Request.Headers["X-Forwarded-For"] = forwarded;

        Assert.Equal(IPAddress.Parse(expected), wrong.AddressOf(http.Request));
    }

    private WrongCredentials Counter(WrongCredentialOptions options) => new(options, new Platform(IsAzure: false, IsAuthenticating: false), _time, _lines);

    private sealed class Lines : ILogger<WrongCredentials>
    {
        public List<string> All { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => All.Add(formatter(state, exception));
    }
}
