namespace StandIns.Api.Tests.Printing;

/// <summary>Types as C# writes them, without namespaces.</summary>
internal static class TypeText
{
    private static readonly Dictionary<string, string> Keywords = new()
    {
        ["System.Boolean"] = "bool",
        ["System.Byte"] = "byte",
        ["System.Char"] = "char",
        ["System.Decimal"] = "decimal",
        ["System.Double"] = "double",
        ["System.Int16"] = "short",
        ["System.Int32"] = "int",
        ["System.Int64"] = "long",
        ["System.Object"] = "object",
        ["System.Single"] = "float",
        ["System.String"] = "string",
        ["System.UInt32"] = "uint",
        ["System.UInt64"] = "ulong",
        ["System.Void"] = "void",
    };

    /// <summary>A type where it is used; with flags, with its question marks.</summary>
    public static string Use(Type type, NullableFlags? flags = null)
    {
        var mark = flags?.IsNextAnnotated(type) == true ? "?" : "";
        if (type.IsArray)
            return $"{Use(type.GetElementType()!, flags)}[{new string(',', type.GetArrayRank() - 1)}]{mark}";
        if (type.IsPointer)
            return Use(type.GetElementType()!, flags) + "*";
        if (type.IsByRef)
            return "ref " + Use(type.GetElementType()!, flags);
        if (Nullable.GetUnderlyingType(type) is { } value)
            return Use(value, flags) + "?";
        if (type.IsGenericParameter)
            return type.Name + mark;
        if (!type.IsGenericType)
            return (Keywords.TryGetValue(type.FullName ?? "", out var keyword) ? keyword : Declared(type)) + mark;

        var name = WithoutArity(type.Name);
        if (type.IsNested)
            name = $"{WithoutArity(type.DeclaringType!.Name)}.{name}";
        return $"{name}<{string.Join(", ", type.GetGenericArguments().Select(argument => Use(argument, flags)))}>{mark}";
    }

    /// <summary>A type where it is declared: nested ones with those around them, generic ones with their own parameters.</summary>
    public static string Declared(Type type)
    {
        var name = WithoutArity(type.Name);
        var own = type.GetGenericArguments();
        var outer = type.IsNested ? type.DeclaringType!.GetGenericArguments().Length : 0;
        if (own.Length > outer)
            name += $"<{string.Join(", ", own.Skip(outer).Select(argument => Use(argument)))}>";
        return type.IsNested && !type.IsGenericParameter ? $"{Declared(type.DeclaringType!)}.{name}" : name;
    }

    private static string WithoutArity(string name) => name.IndexOf('`') is var mark and > 0 ? name[..mark] : name;
}
