using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Larder.Registry.Backup;

namespace Larder.Orchestrations.Tests.Backup;

/// <summary>Opens exports, changes what is in them, and closes them again.</summary>
internal static class ZipEditing
{
    /// <summary>The files of an archive, in its order.</summary>
    public static IReadOnlyDictionary<string, byte[]> Files(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        return zip.Entries.ToDictionary(entry => entry.FullName, entry =>
        {
            using var content = entry.Open();
            using var copy = new MemoryStream();
            content.CopyTo(copy);
            return copy.ToArray();
        });
    }

    /// <summary>An archive with other files.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="change">Changes them.</param>
    /// <param name="seal">Whether hashes are made to fit again.</param>
    public static byte[] Edit(byte[] archive, Action<Dictionary<string, byte[]>> change, bool seal = true)
    {
        var files = Files(archive).ToDictionary();
        change(files);
        if (seal)
            Seal(files);
        using var edited = new MemoryStream();
        using (var zip = new ZipArchive(edited, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        }

        return edited.ToArray();
    }

    /// <summary>Replaces text in a file.</summary>
    public static void Replace(this Dictionary<string, byte[]> files, string file, string text, string with)
    {
        var before = Encoding.UTF8.GetString(files[file]);
        Assert.Contains(text, before);
        files[file] = Encoding.UTF8.GetBytes(before.Replace(text, with));
    }

    private static void Seal(Dictionary<string, byte[]> files)
    {
        var own = new[] { BackupFormat.Sums, BackupFormat.Manifest };
        files[BackupFormat.Sums] = Encoding.UTF8.GetBytes(string.Concat(files.Where(file => !own.Contains(file.Key)).Select(file =>
            $"{(file.Key.StartsWith("artifacts/") ? file.Key[^64..] : Hash(file.Value))}  {file.Key}\n")));
        if (files.TryGetValue(BackupFormat.Manifest, out var manifest))
        {
            var json = JsonNode.Parse(manifest)!;
            json["sha256sums"] = Hash(files[BackupFormat.Sums]);
            files[BackupFormat.Manifest] = Encoding.UTF8.GetBytes(json.ToJsonString());
        }
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
