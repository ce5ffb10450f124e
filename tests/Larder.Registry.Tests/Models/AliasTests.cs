using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Tests.Testing;
using Larder.Testing;

namespace Larder.Registry.Tests.Models;

[Collection(AzuriteCollection.Name)]
public sealed class AliasTests(Azurite azurite) : IDisposable
{
    private static readonly ModelName Iris = ModelName.Parse("iris");

    private readonly Shop _shop = new(azurite.NewAccount());

    private ModelRegistry Registry => _shop.Registry;

    public void Dispose() => _shop.Dispose();

    [Fact]
    public async Task Moving_an_alias_tells_what_it_was_so_that_one_call_rolls_back()
    {
        await PublishAsync(3);
        var first = await Registry.SetAliasAsync(Iris, "champion", 2, actor: "ada");
        Assert.Equal((null, 2), (first.Previous, first.Current));

        var moved = await Registry.SetAliasAsync(Iris, "champion", 3, actor: "bob");
        Assert.Equal((2, 3), (moved.Previous, moved.Current));
        Assert.Equal(3, (await ResolveAsync("iris:champion")));
        Assert.Equal(moved.Model.ETag, (await Registry.GetAsync(Iris)).ETag);

        var back = await Registry.SetAliasAsync(Iris, "champion", moved.Previous!.Value, expectedCurrent: moved.Current);
        Assert.Equal((3, 2), (back.Previous, back.Current));
        Assert.Equal(
            [(null, 2, "ada"), (2, 3, "bob"), (3, 2, null)],
            back.Model.Audit.Where(e => e is { What: "set_alias", Alias: "champion" }).Reverse().Select(e => (e.From, e.To, e.Who)));
    }

    [Fact]
    public async Task A_move_of_an_alias_takes_turns_with_many_edits_of_the_same_model()
    {
        await PublishAsync(2);
        var edits = new int[8];
        using var done = new CancellationTokenSource();
        var editing = edits.Select((_, editor) => Task.Run(async () =>
        {
            for (; !done.IsCancellationRequested; edits[editor]++)
                await Registry.UpdateAsync(Iris, new ModelPatch { Owner = $"editor {editor}, {edits[editor]}" });
        })).ToList();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (edits.Any(count => count == 0))
            await Task.Delay(1, timeout.Token);

        var before = edits.ToArray();
        await Task.Run(async () =>
        {
            for (var move = 0; move < 10; move++)
                await Registry.SetAliasAsync(Iris, "champion", 1 + (move % 2));
        });
        var meanwhile = edits.Zip(before, (now, then) => now - then).ToList();
        await done.CancelAsync();
        await Task.WhenAll(editing);

        // With turns each editor makes about as many edits as there are moves; in a free race it made ten times as many before the moves were done.
        Assert.InRange(meanwhile.Max(), 1, 50);
    }

    [Fact]
    public async Task Moving_an_alias_to_where_it_is_changes_nothing()
    {
        await PublishAsync(1);
        var first = await Registry.SetAliasAsync(Iris, "champion", 1);
        var again = await Registry.SetAliasAsync(Iris, "champion", 1);
        Assert.Equal((1, 1, first.Model.ETag), (again.Previous, again.Current, again.Model.ETag));
    }

    [Fact]
    public async Task An_alias_that_points_elsewhere_than_expected_is_not_moved()
    {
        await PublishAsync(3);
        await Registry.SetAliasAsync(Iris, "champion", 1, expectedCurrent: 0);

        await Assert.ThrowsAsync<PreconditionFailedException>(() => Registry.SetAliasAsync(Iris, "champion", 3, expectedCurrent: 2));
        await Assert.ThrowsAsync<PreconditionFailedException>(() => Registry.SetAliasAsync(Iris, "champion", 3, expectedCurrent: 0));
        await Assert.ThrowsAsync<PreconditionFailedException>(() => Registry.SetAliasAsync(Iris, "other", 3, expectedCurrent: 1));
        await Assert.ThrowsAsync<PreconditionFailedException>(() => Registry.SetDefaultAsync(Iris, 1, expectedCurrent: 2));

        Assert.Equal(1, await ResolveAsync("iris:champion"));
        await Registry.SetDefaultAsync(Iris, 1, expectedCurrent: 3);
        Assert.Equal(1, await ResolveAsync("iris"));
    }

    [Fact]
    public async Task Of_many_who_move_an_alias_from_one_version_one_succeeds()
    {
        await PublishAsync(9);
        await Registry.SetAliasAsync(Iris, "champion", 1);

        var outcomes = await Task.WhenAll(Enumerable.Range(2, 8).Select(async version =>
        {
            try
            {
                await Registry.SetAliasAsync(Iris, "champion", version, expectedCurrent: 1);
                return version;
            }
            catch (PreconditionFailedException)
            {
                return 0;
            }
        }));

        Assert.Equal(Assert.Single(outcomes, version => version > 0), await ResolveAsync("iris:champion"));
    }

    [Fact]
    public async Task A_deleted_alias_stands_for_nothing()
    {
        await PublishAsync(1);
        await Registry.SetAliasAsync(Iris, "champion", 1);

        var gone = await Registry.DeleteAliasAsync(Iris, "champion", actor: "ada");

        Assert.Equal((1, null), (gone.Previous, gone.Current));
        Assert.Contains(gone.Model.Audit, e => e is { What: "delete_alias", Alias: "champion", From: 1, Who: "ada" });
        await Assert.ThrowsAsync<NotFoundException>(() => ResolveAsync("iris:champion"));
    }

    [Fact]
    public async Task A_model_has_at_most_a_hundred_aliases()
    {
        await PublishAsync(2);
        for (var i = 0; i < 100; i++)
            await Registry.SetAliasAsync(Iris, $"a{i}", 1);
        await Assert.ThrowsAsync<InvalidRequestException>(() => Registry.SetAliasAsync(Iris, "one-more", 1));
        await Registry.SetAliasAsync(Iris, "a7", 2);
        Assert.Equal(2, await ResolveAsync("iris:a7"));
    }

    [Fact]
    public async Task The_default_follows_the_newest_version_until_someone_sets_it()
    {
        await PublishAsync(2);
        Assert.Equal(2, await ResolveAsync("iris"));

        var set = await Registry.SetDefaultAsync(Iris, 1, actor: "ada");
        Assert.Equal((ModelName.Default, 2, 1), (set.Alias, set.Previous, set.Current));
        await PublishAsync(1);
        Assert.Equal(1, await ResolveAsync("iris"));
        Assert.Equal(1, await ResolveAsync("iris:default"));

        var followed = await Registry.SetDefaultAsync(Iris, null);
        Assert.Equal((1, 3), (followed.Previous, followed.Current));
        Assert.Equal(3, await ResolveAsync("iris"));
        Assert.Contains(followed.Model.Audit, e => e is { What: "set_default", Alias: ModelName.Default, From: 2, To: 1, Who: "ada" });
    }

    [Fact]
    public async Task Setting_the_default_to_what_it_follows_pins_it()
    {
        await PublishAsync(1);
        await Registry.SetDefaultAsync(Iris, 1);
        await PublishAsync(1);
        Assert.Equal(1, await ResolveAsync("iris"));
    }

    [Fact]
    public async Task The_alias_called_default_is_the_default()
    {
        await PublishAsync(2);
        var set = await Registry.SetAliasAsync(Iris, ModelName.Default, 1);
        Assert.Equal(1, set.Model.DefaultVersion);
        Assert.Empty(set.Model.Aliases);

        var removed = await Registry.DeleteAliasAsync(Iris, ModelName.Default);
        Assert.Equal((1, 2), (removed.Previous, removed.Current));
        Assert.Null(removed.Model.DefaultVersion);
    }

    private async Task PublishAsync(int count)
    {
        for (var i = 0; i < count; i++)
            await _shop.PublishAsync("iris");
    }

    private async Task<int> ResolveAsync(string reference) => (await Registry.ResolveAsync(ModelReference.Parse(reference))).Version.Version;
}
