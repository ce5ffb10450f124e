using System.Globalization;
using Larder.Inference.Sessions;

namespace Larder.Inference.Validation.Scanning;

/// <summary>The files in which a model keeps tensors (ONNX: external data): checks that each is there, and has the bytes that the tensors claim.</summary>
/// <param name="sizes">The sizes of the files that came with the model; null only lists the names.</param>
internal sealed class ExternalFiles(IReadOnlyDictionary<string, long>? sizes)
{
    private readonly SortedSet<string> _names = new(StringComparer.Ordinal);
    private readonly long _bytes = sizes?.Values.Sum() ?? 0;
    private long _claimed;

    /// <summary>The names of the files.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Refuses a tensor whose bytes are not in a file that came with the model.</summary>
    /// <param name="what">The tensor.</param>
    /// <param name="place">Where it says that they are.</param>
    /// <param name="bytes">How many it has.</param>
    public void Check(string what, ExternalPlace place, long bytes)
    {
        if (place.Location is not { } name)
            throw new InvalidModelException($"{what} keeps its data in another file and does not name it.");
        // ONNX Runtime has keys of its own, for weights that it has repacked and trusts.
        if (place.Unknown is { } key)
            throw new InvalidModelException($"{what} says {Printable.Quoted(key)} of its data in another file, which is not supported: location, offset and length are.");
        if (!ModelFile.IsName(name))
            throw new InvalidModelException($"{what} keeps its data in {Printable.Quoted(name)}; the name must be that of a file in the model's folder, without '..', backslashes and special characters.");
        var offset = Number(place.Offset, "offset") ?? 0;
        if (Number(place.Length, "length") is { } length && length != bytes)
            throw new InvalidModelException($"{what} needs {bytes} bytes, and says that it has {length} in {Printable.Quoted(name)}.");
        if (_names.Add(name) && _names.Count >= ModelFile.Most)
            throw new InvalidModelException($"The model keeps its data in {ModelFile.Most} files or more: save it with all its data in one file.");
        if (sizes is null)
            return;

        if (!sizes.TryGetValue(name, out var size))
        {
            throw new InvalidModelException(
                $"{what} keeps its data in the file {Printable.Quoted(name)}, which did not come with the model: send a zip or tar.gz archive with model.onnx and the files that it names.");
        }

        if (offset > size || bytes > size - offset)
            throw new InvalidModelException($"{what} needs {bytes} bytes from byte {offset} of {Printable.Quoted(name)}, which has {size} bytes.");

        // Otherwise a small archive could take any amount of memory.
        _claimed += bytes;
        if (_claimed > _bytes)
            throw new InvalidModelException("The model's tensors claim more bytes than its files have: each tensor needs bytes of its own.");

        long? Number(string? text, string member) => text switch
        {
            null => null,
            _ when long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) => number,
            _ => throw new InvalidModelException($"{what} keeps its data in {Printable.Quoted(name)}, and its {member} is no number: {Printable.Quoted(text)}."),
        };
    }
}

/// <summary>Where a tensor keeps its data (<c>external_data</c>).</summary>
internal sealed class ExternalPlace
{
    private const int MaxText = 1024;

    public string? Location { get; private set; }

    public string? Offset { get; private set; }

    public string? Length { get; private set; }

    /// <summary>A key that ONNX does not define.</summary>
    public string? Unknown { get; private set; }

    /// <summary>Whether something is said twice, so that readers may disagree on it.</summary>
    public bool IsAmbiguous { get; private set; }

    /// <summary>Reads one entry. A checksum, and the folder that Python's library adds, say nothing of the place.</summary>
    public void Read(MessageReader reader)
    {
        string key = "", value = "";
        var fields = reader.Enter(OnnxSchema.Entry);
        while (reader.Next(ref fields, out var number))
        {
            // A text that is cut off is longer than any name or number may be.
            var text = reader.Values.ReadBeginning(MaxText);
            if (number == EntryFields.Key)
                key = text;
            else
                value = text;
        }

        switch (key)
        {
            case "location":
                IsAmbiguous |= Location is not null;
                Location = value;
                break;
            case "offset":
                IsAmbiguous |= Offset is not null;
                Offset = value;
                break;
            case "length":
                IsAmbiguous |= Length is not null;
                Length = value;
                break;
            case "checksum" or "basepath":
                break;
            default:
                Unknown ??= key;
                break;
        }
    }
}
