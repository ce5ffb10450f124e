using Larder.Registry.Errors;
using Larder.Testing;
using Larder.Tracking.Experiments;
using Larder.Tracking.Tests.Testing;

namespace Larder.Tracking.Tests;

/// <summary>What experiments must do on every store.</summary>
public abstract class ExperimentContract : TrackingTests
{
    [Fact]
    public async Task An_experiment_is_found_by_id_and_by_name_on_every_host()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var made = await host.Experiments.CreateAsync("bread", null, new Dictionary<string, string> { ["mill"] = "stone" });

        var found = await other.Experiments.GetAsync(made.Id);

        Assert.Equal((made.Id, "bread", $"mlflow-artifacts:/{made.Id}", true), (found.Id, found.Name, found.ArtifactLocation, found.IsActive));
        Assert.Equal(Time.GetUtcNow().ToUnixTimeMilliseconds(), found.CreationTime);
        Assert.Equal("stone", found.Tags["mill"]);
        Assert.Equal(made.Id, (await other.Experiments.GetByNameAsync("bread")).Id);
        Assert.Equal("s3://mill/rye", (await host.Experiments.CreateAsync("rye", "s3://mill/rye/", new Dictionary<string, string>())).ArtifactLocation);
    }

    [Fact]
    public async Task The_default_experiment_is_there_from_the_beginning()
    {
        var host = await OpenAsync();

        Assert.Equal("Default", (await host.Experiments.GetAsync("0")).Name);
        Assert.Equal("0", (await host.Experiments.GetByNameAsync("Default")).Id);
        Assert.Equal("0", Assert.Single((await (await OpenAsync()).Experiments.SearchAsync(null, [], LifecycleView.Active, 10, null)).Items).Id);
        await Assert.ThrowsAsync<ConflictException>(() => CreateExperimentAsync(host, "Default"));
    }

    [Fact]
    public async Task Of_many_hosts_that_ask_for_the_default_experiment_at_once_all_get_the_same()
    {
        var hosts = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync()));

        var found = await Task.WhenAll(hosts.SelectMany(host => Enumerable.Range(0, 4).Select(_ => host.Experiments.GetAsync("0"))));

        Assert.All(found, experiment => Assert.Equal("0", experiment.Id));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        var host = await OpenAsync();

        Assert.Equal("No Experiment with id=17 exists", (await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.GetAsync("17"))).Message);
        Assert.Equal("Could not find experiment with name 'bread'", (await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.GetByNameAsync("bread"))).Message);
        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.DeleteAsync("17"));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.SetTagAsync("17", "a", "b"));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Experiments.GetAsync("../17"));
    }

    [Fact]
    public async Task A_name_is_given_once_also_by_many_at_a_time()
    {
        var (host, other) = (await OpenAsync(), await OpenAsync());
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(async i =>
        {
            try
            {
                return (await CreateExperimentAsync(i % 2 == 0 ? host : other)).Id;
            }
            catch (ConflictException e)
            {
                Assert.Equal("Experiment(name=bread) already exists.", e.Message);
                return null;
            }
        }));

        Assert.Equal(Assert.Single(outcomes, id => id is not null), (await host.Experiments.GetByNameAsync("bread")).Id);
    }

    [Fact]
    public async Task A_deleted_experiment_keeps_its_name_and_can_be_restored()
    {
        var host = await OpenAsync();
        var made = await CreateExperimentAsync(host);

        await host.Experiments.DeleteAsync(made.Id);

        Assert.False((await host.Experiments.GetAsync(made.Id)).IsActive);
        Assert.False((await host.Experiments.GetByNameAsync("bread")).IsActive);
        await Assert.ThrowsAsync<ConflictException>(() => CreateExperimentAsync(host));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.DeleteAsync(made.Id));
        Assert.Equal("Cannot rename a non-active experiment.", (await Assert.ThrowsAsync<InvalidRequestException>(() => host.Experiments.RenameAsync(made.Id, "rye"))).Message);
        Assert.Equal(
            $"The experiment {made.Id} must be in the 'active' state. Current state is deleted.",
            (await Assert.ThrowsAsync<InvalidRequestException>(() => CreateRunAsync(host, made.Id))).Message);

        await host.Experiments.RestoreAsync(made.Id);

        Assert.True((await host.Experiments.GetAsync(made.Id)).IsActive);
        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.RestoreAsync(made.Id));
    }

    [Fact]
    public async Task A_renamed_experiment_frees_its_name_and_takes_none_that_another_has()
    {
        var host = await OpenAsync();
        var (bread, rye) = (await CreateExperimentAsync(host), await CreateExperimentAsync(host, "rye"));

        await Assert.ThrowsAsync<ConflictException>(() => host.Experiments.RenameAsync(bread.Id, "rye"));
        await host.Experiments.RenameAsync(bread.Id, "spelt");
        await host.Experiments.RenameAsync(rye.Id, "bread");

        Assert.Equal(bread.Id, (await host.Experiments.GetByNameAsync("spelt")).Id);
        Assert.Equal(rye.Id, (await host.Experiments.GetByNameAsync("bread")).Id);
        await CreateExperimentAsync(host, "rye");
    }

    [Fact]
    public async Task A_name_whose_claim_a_crash_left_is_free_after_a_while()
    {
        var host = await OpenAsync();
        var claim = new ExperimentName("bread", "17", Time.GetUtcNow());
        await host.Documents.CreateAsync(TrackingCollections.Names, TrackingCollections.NamePartition("bread"), TrackingCollections.NameId, claim);

        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.GetByNameAsync("bread"));
        await Assert.ThrowsAsync<ConflictException>(() => CreateExperimentAsync(host));
        Time.Advance(TimeSpan.FromMinutes(3));

        var made = await CreateExperimentAsync(host);
        Assert.Equal(made.Id, (await host.Experiments.GetByNameAsync("bread")).Id);
    }

    [Fact]
    public async Task Tags_are_set_and_removed()
    {
        var host = await OpenAsync();
        var made = await CreateExperimentAsync(host);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => host.Experiments.SetTagAsync(made.Id, $"tag{i}", "x")));
        await host.Experiments.DeleteTagAsync(made.Id, "tag3");

        Assert.Equal(["tag0", "tag1", "tag2", "tag4", "tag5", "tag6", "tag7"], (await host.Experiments.GetAsync(made.Id)).Tags.Keys.Order());
        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.DeleteTagAsync(made.Id, "tag3"));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Experiments.SetTagAsync(made.Id, "../x", "x"));
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Experiments.SetTagAsync(made.Id, "x", new string('x', 5001)));
    }

    [Fact]
    public async Task A_search_filters_and_orders_and_shows_what_the_view_has()
    {
        var host = await OpenAsync();
        await host.Experiments.GetAsync("0");
        var names = new[] { "bread", "rye", "spelt" };
        foreach (var name in names)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await CreateExperimentAsync(host, name);
        }
        // Its last update is later than that of the others: equal ones would be by their ids, which are random.
        Time.Advance(TimeSpan.FromSeconds(1));
        await host.Experiments.DeleteAsync((await host.Experiments.GetByNameAsync("rye")).Id);

        Assert.Equal(["spelt", "bread", "Default"], await NamesAsync("name != 'x'", LifecycleView.Active, "creation_time DESC"));
        Assert.Equal(["rye"], await NamesAsync(null, LifecycleView.Deleted));
        Assert.Equal(["bread", "rye", "spelt"], await NamesAsync("name ILIKE '%R%' OR name = 'spelt'", LifecycleView.All, "name"));
        Assert.Equal(["rye", "spelt", "bread"], await NamesAsync("name IN ('rye', 'spelt', 'bread')", LifecycleView.All));

        async Task<IEnumerable<string>> NamesAsync(string? filter, LifecycleView view, params string[] order) =>
            (await host.Experiments.SearchAsync(filter, order, view, 10, null)).Items.Select(experiment => experiment.Name);
    }

    [Fact]
    public async Task Pages_under_writes_have_every_experiment_that_was_there_all_the_time_once()
    {
        var host = await OpenAsync();
        var kept = new List<string>();
        for (var i = 0; i < 20; i++)
            kept.Add((await CreateExperimentAsync(host, $"kept{i:D2}")).Id);

        foreach (var order in (string[])["name", "creation_time DESC"])
        {
            await PagesUnderWrites.HaveAllOnceAsync(
                kept,
                async token =>
                {
                    var page = await host.Experiments.SearchAsync("name LIKE 'kept%'", [order], LifecycleView.Active, 3, token);
                    return (page.Items.Select(experiment => experiment.Id), page.Cursor);
                },
                async i =>
                {
                    var late = await CreateExperimentAsync(host, $"kept{i % 20:D2}-{Guid.NewGuid()}");
                    await host.Experiments.SetTagAsync(kept[i % kept.Count], "seen", $"{i}");
                    if (i % 2 == 0)
                        await host.Experiments.DeleteAsync(late.Id);
                });
        }
    }

    [Fact]
    public async Task An_experiment_is_deleted_for_good_with_its_runs_and_its_name()
    {
        var host = await OpenAsync();
        var made = await CreateExperimentAsync(host);
        var run = await CreateRunAsync(host, made.Id);
        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Collector.PurgeExperimentAsync(made.Id));

        await host.Experiments.DeleteAsync(made.Id);
        await host.Collector.PurgeExperimentAsync(made.Id);

        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.GetAsync(made.Id));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.RestoreAsync(made.Id));
        await Assert.ThrowsAsync<NotFoundException>(() => host.Runs.GetAsync(run.Id));
        Assert.NotEqual(made.Id, (await CreateExperimentAsync(host)).Id);
    }

    [Fact]
    public async Task The_name_of_the_default_experiment_is_its_own_from_the_beginning()
    {
        var host = await OpenAsync();
        var made = await CreateExperimentAsync(host);

        await Assert.ThrowsAsync<ConflictException>(() => host.Experiments.RenameAsync(made.Id, "Default"));

        Assert.Equal("Default", (await host.Experiments.GetAsync("0")).Name);
    }

    [Theory]
    [InlineData("s3://bucket/a/../../b")]
    [InlineData("s3://bucket/%2e%2e/b")]
    [InlineData("s3://bucket/%252e%252e/b")]
    [InlineData("file:///a\\b")]
    [InlineData("http://host/a#/../b")]
    [InlineData("http://host/a?b=..")]
    [InlineData("http://host/a%3fb")]
    [InlineData("http://host/a;b")]
    [InlineData("http://host/a\nb")]
    [InlineData("RUNS:/a")]
    public async Task A_place_of_artifacts_that_a_client_could_take_for_another_is_refused(string location)
    {
        var host = await OpenAsync();

        await Assert.ThrowsAsync<InvalidRequestException>(() => host.Experiments.CreateAsync("bread", location, new Dictionary<string, string>()));

        await Assert.ThrowsAsync<NotFoundException>(() => host.Experiments.GetByNameAsync("bread"));
        Assert.Equal("s3://bucket/a%20b", (await host.Experiments.CreateAsync("bread", "s3://bucket/a%20b/", new Dictionary<string, string>())).ArtifactLocation);
    }

    [Fact]
    public async Task An_experiment_has_room_for_so_many_tags()
    {
        var host = await OpenAsync();
        var tags = Enumerable.Range(0, 199).ToDictionary(i => $"tag{i:D3}", _ => new string('x', 5000));
        var made = await host.Experiments.CreateAsync("bread", null, tags);

        Assert.StartsWith("The experiment has no room", (await Assert.ThrowsAsync<InvalidRequestException>(() => host.Experiments.SetTagAsync(made.Id, "last", new string('x', 5000)))).Message, StringComparison.Ordinal);
        await host.Experiments.SetTagAsync(made.Id, "tag000", "");
        await host.Experiments.SetTagAsync(made.Id, "last", new string('x', 5000));
    }
}
