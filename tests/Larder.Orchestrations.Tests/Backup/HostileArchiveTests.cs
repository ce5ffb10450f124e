using System.Text;
using Larder.Inference;
using Larder.Orchestrations.Tests.Schedules;
using Larder.Registry.Backup;
using Larder.Registry.Errors;
using Larder.Registry.Models;
using Larder.Registry.Publishing;
using Larder.Testing;

namespace Larder.Orchestrations.Tests.Backup;

/// <summary>Archives that mean harm, or are broken: each is refused with a sentence, and nothing is written.</summary>
[Collection(AzuriteCollection.Name)]
public sealed class HostileArchiveTests(Azurite azurite)
{
    public static TheoryData<string, string, bool> Edits => new()
    {
        // What is changed, what is said, and whether the hashes are made to fit.
        { "unknown version", "The archive has the format version 2; this server reads version 1.", true },
        { "no manifest", "it is no export of a registry", true },
        { "changed document", "it has another SHA-256 than SHA256SUMS says", false },
        { "changed sums", "another SHA-256 than larder-export.json says", false },
        { "extra file", "which no export has", true },
        { "unlisted file", "is not in SHA256SUMS", false },
        { "missing version", "has 2 versions, and the archive has 1 of them", true },
        { "missing model", "is missing", true },
        { "missing artifact", "and it is not stored here", true },
        { "wrong artifact", "has other bytes than its name promises", true },
        { "no model", "The file is not an ONNX model.", true },
        { "bad name", "is not a model name", true },
        { "reserved name", "No model can be called", true },
        { "other name", "it is another model than its folder says", true },
        { "bad alias", "is not an alias but a version number", true },
        { "alias to nothing", "is one that is not there", true },
        { "unknown member", "is not known, or not what it should be", true },
        { "member twice", "is not known, or not what it should be", true },
        { "null tags", "is not known, or not what it should be", true },
        { "null tag", "has no value", true },
        { "null label", "a label is null", true },
        { "settings out of range", "max_rows", true },
        { "endless text", "can have at most 32768 characters", true },
        { "huge number", "its numbers are out of range", true },
        { "negative size", "its model has -1 bytes", true },
        { "path as file name", "its file_name is a path", true },
        { "path as sha256", "its sha256 is none", true },
        { "pending", "it is not ready to be served", true },
        { "import mark", "something of it is under way", true },
        { "not JSON", "it is not the JSON that it should be", true },
        { "too deep", "it is not the JSON that it should be", true },
        { "schedule of another id", "it is another schedule than its name says", true },
        { "schedule with an endless name", "The name can have at most 256 characters", true },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public async Task It_is_refused_and_nothing_is_written(string edit, string sentence, bool seal)
    {
        using var to = Depot.OnBlobs(azurite.NewAccount());
        var archive = ZipEditing.Edit(await ArchiveAsync(), files => Change(files, edit), seal);

        var refused = await Assert.ThrowsAnyAsync<LarderException>(() => to.ImportAsync(archive));

        Assert.Contains(sentence, refused.Message);
        await AssertNothingAsync(to);
    }

    [Theory]
    [InlineData("../evil.json", "leads out of the archive")]
    [InlineData("/etc/passwd", "is absolute")]
    [InlineData("models/../../evil.json", "leads out of the archive")]
    [InlineData("models\\a\\model.json", "has backslashes")]
    public async Task Names_that_lead_elsewhere_are_refused(string name, string sentence)
    {
        using var to = Depot.OnBlobs(azurite.NewAccount());

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => to.ImportAsync(new RawZip().Add(name, "{}").ToBytes()));

        Assert.Contains(sentence, refused.Message);
        await AssertNothingAsync(to);
    }

    [Fact]
    public async Task Ten_gigabytes_that_are_only_claimed_are_refused_before_anything_is_read()
    {
        using var to = Depot.OnBlobs(azurite.NewAccount());
        var archive = new RawZip().Add(BackupFormat.Manifest, "{}").Add($"artifacts/sha256/{new string('a', 64)}", "small", entry => entry.Length = 10L << 30).ToBytes();

        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => to.ImportAsync(archive));

        Assert.Contains("more than 1073741824 bytes unpacked", refused.Message);
    }

    [Fact]
    public async Task A_bomb_a_file_twice_a_link_and_too_many_entries_are_refused()
    {
        await AssertRefusedAsync(new RawZip().Add("bomb", new byte[64 << 20]).ToBytes(), "packed more than 200 to 1");
        await AssertRefusedAsync(new RawZip().Add("twice", "a").Add("twice", "b").ToBytes(), "twice");
        await AssertRefusedAsync(new RawZip().Add("link", "/etc/passwd", entry => entry.Mode = 0xA1FF).ToBytes(), "link");
        await AssertRefusedAsync(new RawZip().Add("one", "a").Add("two", "b").Add("three", "c").ToBytes(), "2 is the most", new ImportLimits { Entries = 2 });
        await AssertRefusedAsync(new byte[1000], "no zip archive");
        await AssertRefusedAsync([], "no zip archive");
    }

    [Fact]
    public async Task A_truncated_archive_is_refused_wherever_it_was_cut()
    {
        using var to = Depot.OnBlobs(azurite.NewAccount());
        var archive = await ArchiveAsync();

        for (var length = 0; length < archive.Length; length += 97)
            await Assert.ThrowsAsync<InvalidRequestException>(() => to.ImportAsync(archive[..length]));

        await AssertNothingAsync(to);
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_is_refused_or_changes_nothing()
    {
        using var to = Depot.OnBlobs(azurite.NewAccount());
        var archive = await ArchiveAsync();
        var random = new Random(11);
        for (var i = 0; i < 200; i++)
        {
            var damaged = archive.ToArray();
            damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            var refused = await Record.ExceptionAsync(() => to.PlanAsync(damaged));
            // Times, attributes and artifacts are not looked at here; everything else is.
            Assert.True(refused is null or LarderException, $"{refused}");
        }

        await AssertNothingAsync(to);
    }

    [Fact]
    public async Task An_archive_that_was_packed_again_is_as_good()
    {
        using var to = Depot.OnBlobs(azurite.NewAccount());
        var archive = ZipEditing.Edit(await ArchiveAsync(), _ => { }, seal: false);

        Assert.All(await to.ImportAsync(archive), item => Assert.Equal(ImportOutcome.Created, item.Outcome));
    }

    private static void Change(Dictionary<string, byte[]> files, string edit)
    {
        const string model = "models/a/model.json";
        const string version = "models/a/versions/1.json";
        const string schedule = "schedules/0000000000000001.json";
        var artifact = files.Keys.First(name => name.StartsWith("artifacts/"));
        switch (edit)
        {
            case "unknown version": files.Replace("larder-export.json", "\"format_version\": 1", "\"format_version\": 2, \"more\": 1"); break;
            case "no manifest": files.Remove("larder-export.json"); break;
            case "changed document": files.Replace(model, "crusty", "soggy"); break;
            case "changed sums": files.Replace("SHA256SUMS", "  models/a/model.json", "  models/a/nodel.json"); break;
            case "extra file": files["models/a/notes.txt"] = [1]; break;
            case "unlisted file": files["models/a/versions/3.json"] = [1]; break;
            case "missing version": files.Remove(version); break;
            case "missing model": files.Remove(model); break;
            case "missing artifact": files.Remove(artifact); break;
            case "wrong artifact": files[artifact][^1] ^= 1; break;
            case "no model":
                var other = Encoding.UTF8.GetBytes("MZ, 20 bytes of it ...");
                var (old, hash) = (artifact[^64..], Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(other)));
                var of = files.Keys.First(name => name.Contains("/versions/") && Encoding.UTF8.GetString(files[name]).Contains(old));
                files.Replace(of, $"\"size_bytes\": {files[artifact].Length}", $"\"size_bytes\": {other.Length}");
                files.Replace(of, old, hash);
                files.Remove(artifact);
                files[$"artifacts/sha256/{hash}"] = other;
                break;
            case "bad name": files[$"models/-a/model.json"] = files[model]; break;
            case "reserved name": files[$"models/information/model.json"] = files[model]; break;
            case "other name": files.Replace(model, "\"name\": \"a\"", "\"name\": \"b\""); break;
            case "bad alias": files.Replace(model, "\"champion\"", "\"7\""); break;
            case "alias to nothing": files.Replace(model, "\"champion\": 1", "\"champion\": 3"); break;
            case "unknown member": files.Replace(model, "\"description\"", "\"descriptiom\""); break;
            case "member twice": files.Replace(model, "\"description\": \"crusty\",", "\"description\": \"crusty\", \"description\": \"soggy\","); break;
            case "null tags": files.Replace(version, "\"tags\": {\n      \"team\": \"oven\"\n    }", "\"tags\": null"); break;
            case "null tag": files.Replace(version, "\"oven\"", "null"); break;
            case "null label": files.Replace(version, "\"setosa\"", "null"); break;
            case "settings out of range": files.Replace(model, "\"max_rows\": 64", "\"max_rows\": 0"); break;
            case "endless text": files.Replace(model, "crusty", new string('x', 40_000)); break;
            case "huge number": files.Replace(model, "\"last_version\": 2", "\"last_version\": 2147483647"); break;
            case "negative size": files[version] = Encoding.UTF8.GetBytes(System.Text.RegularExpressions.Regex.Replace(Encoding.UTF8.GetString(files[version]), "\"size_bytes\": \\d+", "\"size_bytes\": -1")); break;
            case "path as file name": files.Replace(version, "\"a.onnx\"", "\"../a.onnx\""); break;
            case "path as sha256": files.Replace(version, "\"sha256\": \"", "\"sha256\": \"../"); break;
            case "pending": files.Replace(version, "\"READY\"", "\"PENDING\""); break;
            case "import mark": files.Replace(model, "\"name\": \"a\"", "\"importing\": \"7zzr2x0k9ab3cdef\", \"name\": \"a\""); break;
            case "not JSON": files[version] = "{"u8.ToArray(); break;
            case "too deep": files[version] = Encoding.UTF8.GetBytes(new string('[', 100_000)); break;
            case "schedule of another id": files.Replace(schedule, "0000000000000001", "0000000000000002"); break;
            case "schedule with an endless name": files.Replace(schedule, "Jede Nacht", new string('x', 300)); break;
            default: throw new ArgumentException(edit);
        }
    }

    private static async Task AssertRefusedAsync(byte[] archive, string sentence, ImportLimits? limits = null)
    {
        var refused = await Assert.ThrowsAsync<InvalidRequestException>(() => Depot.OpenAsync(archive, limits));
        Assert.Contains(sentence, refused.Message);
    }

    private static async Task AssertNothingAsync(Depot depot)
    {
        Assert.Empty((await depot.Registry.ListAsync(10)).Items);
        Assert.Null(await depot.Jobs.ScanAsync().GetAsyncEnumerator().MoveNextAsync() ? "a job" : null);
        await foreach (var artifact in depot.Artifacts.ListAsync())
            Assert.Fail($"The artifact {artifact.Sha256} was stored.");
        await foreach (var schedule in depot.Schedules.ScanAsync())
            Assert.Fail($"The schedule {schedule.Id} was made.");
        Assert.DoesNotContain("models/", string.Concat(ZipEditing.Files(await depot.ExportAsync()).Keys));
    }

    private async Task<byte[]> ArchiveAsync()
    {
        using var from = Depot.OnBlobs(azurite.NewAccount());
        await from.PublishAsync("a", "one", new PublishRequest
        {
            Source = "upload", FileName = "a.onnx", ModelDescription = "crusty", Tags = new Dictionary<string, string> { ["team"] = "oven" }, Labels = ["setosa"],
        });
        await from.PublishAsync("a", "two");
        await from.Registry.SetAliasAsync(ModelName.Parse("a"), "champion", 1);
        await from.Schedules.CreateAsync(RichRegistry.Schedule("0000000000000001", "a"), "tester");
        return await from.ExportAsync();
    }
}
