namespace Larder.Worker.Tests.Parity;

/// <summary>What is deployed to Azure and what runs on a laptop answer alike.</summary>
public sealed class ParityTests(ParityFixture hosts) : IClassFixture<ParityFixture>
{
    private static readonly IReadOnlyDictionary<string, Exchange> Sent = Exchanges.All.Concat(Exchanges.OfRoles).ToDictionary(exchange => exchange.Name);

    public static TheoryData<string> Names => [.. Sent.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void The_published_app_answers_what_the_table_says(string name)
    {
        var answer = hosts.Published(name);

        Assert.True(Sent[name].Status == answer.Status, answer.Shown(Compared.Everything));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_self_host_answers_as_the_published_app_does_or_differs_as_listed(string name)
    {
        var compared = Sent[name].Compared;
        var published = hosts.Published(name).Shown(compared);
        var selfHosted = hosts.SelfHosted(name).Shown(compared);

        if (Differences.Reasons.ContainsKey(name))
            Assert.NotEqual(published, selfHosted);
        else
            Assert.Equal(published, selfHosted);
    }

    [Fact]
    public void Every_listed_difference_is_of_a_request_that_is_sent() => Assert.Subset(Sent.Keys.ToHashSet(), Differences.Reasons.Keys.ToHashSet());
}
