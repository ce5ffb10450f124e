using System.Runtime.InteropServices;

namespace NetVips;

/// <summary>One call of a libvips operation: set the arguments, then run it.</summary>
internal sealed class Operation : VipsObject
{
    private readonly string _name;

    /// <param name="name">libvips' name for it: <c>flatten</c>, or a class name such as <c>VipsForeignLoadPngBuffer</c>.</param>
    internal Operation(string name)
        : this(Libvips.NewOperation(name), name)
    {
        if (IsInvalid)
        {
            throw new VipsException($"no such operation {name}");
        }
    }

    private Operation(nint reference, string name)
        : base(reference) => _name = name;

    /// <summary>Options as libvips writes them after a file name: <c>[lossless,Q=90]</c>.</summary>
    internal Operation With(string options) =>
        options.Length == 0 || Libvips.SetFromString(this, options) == 0
            ? this
            : throw new VipsException($"unable to call {_name}");

    internal Operation With(VOption? options)
    {
        foreach (var (name, value) in options ?? [])
        {
            With(name, value);
        }

        return this;
    }

    /// <summary>Sets an argument, unless <paramref name="content"/> is null: then libvips' default stands.</summary>
    internal Operation With(string argument, object? content)
    {
        if (content is null)
        {
            return this;
        }

        var type = TypeOf(argument);
        var value = default(GValue);
        Libvips.InitValue(ref value, type);
        try
        {
            Set(ref value, argument, content);
            Libvips.SetProperty(this, argument, in value);
            return this;
        }
        finally
        {
            Libvips.UnsetValue(ref value);
        }
    }

    /// <summary>Sets an argument to a copy of <paramref name="content"/>, which libvips keeps as long as it needs it.</summary>
    internal Operation With(string argument, ReadOnlySpan<byte> content)
    {
        var type = TypeOf(argument);
        var blob = Libvips.CopyBlob(in MemoryMarshal.GetReference(content), (nuint)content.Length);
        var value = default(GValue);
        Libvips.InitValue(ref value, type);
        try
        {
            Libvips.SetBoxed(ref value, blob);
            Libvips.SetProperty(this, argument, in value);
            return this;
        }
        finally
        {
            Libvips.UnsetValue(ref value);
            Libvips.UnrefArea(blob);
        }
    }

    /// <summary>Runs the operation and hands out the image that it made.</summary>
    internal Image RunToImage(string output = "out") =>
        Run(output, static (ref readonly value) => new Image(Libvips.Ref(Libvips.GetObject(in value))));

    /// <summary>Runs the operation and copies out the bytes that it made.</summary>
    internal byte[] RunToBytes(string output) => Run(output, static (ref readonly value) => BytesOf(in value));

    internal static byte[] BytesOf(ref readonly GValue blob)
    {
        var data = Libvips.GetBlob(in blob, out var size);
        var bytes = new byte[size];
        Marshal.Copy(data, bytes, 0, bytes.Length);
        return bytes;
    }

    private delegate T Taken<out T>(ref readonly GValue value);

    private T Run<T>(string output, Taken<T> take)
    {
        var reference = Libvips.BuildOperation(this);
        if (reference == 0)
        {
            Libvips.UnrefOutputs(this);
            throw new VipsException($"unable to call {_name}");
        }

        using var built = new Operation(reference, _name);
        var value = default(GValue);
        Libvips.InitValue(ref value, built.TypeOf(output));
        try
        {
            Libvips.GetProperty(built, output, ref value);
            return take(in value);
        }
        finally
        {
            Libvips.UnsetValue(ref value);
            // An operation's outputs hold a reference of their own, which disposing of the operation does not give back.
            Libvips.UnrefOutputs(built);
        }
    }

    private nuint TypeOf(string argument) =>
        Libvips.GetArgument(this, argument, out var specification, out _, out _) == 0
            ? GType.OfSpecification(specification)
            : throw new VipsException($"{_name} has no argument {argument}");

    private void Set(ref GValue value, string argument, object content)
    {
        switch (Libvips.GetFundamental(value.Type))
        {
            case GType.Boolean:
                Libvips.SetBoolean(ref value, (bool)content ? 1 : 0);
                break;
            case GType.Int:
                Libvips.SetInt(ref value, (int)content);
                break;
            case GType.Double:
                Libvips.SetDouble(ref value, Convert.ToDouble(content));
                break;
            case GType.Enum:
                Libvips.SetEnum(ref value, (int)content);
                break;
            case GType.Flags:
                Libvips.SetFlags(ref value, (uint)content);
                break;
            case GType.String:
                Libvips.SetString(ref value, (string)content);
                break;
            case GType.Object:
                Libvips.SetObject(ref value, (Image)content);
                break;
            case GType.Boxed when content is double[] doubles:
                Libvips.SetDoubles(ref value, doubles, doubles.Length);
                break;
            default:
                throw new ArgumentException($"{_name} takes no {content.GetType()} as {argument}, but {GType.NameOf(value.Type)}.");
        }
    }
}
