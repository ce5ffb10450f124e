using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace StandIns.Api.Tests.Printing;

/// <summary>Prints the public API of an assembly line for line as the listings in api/ have it.</summary>
/// <param name="withNullability">Marks references that may be null, as the listings of annotated packages do.</param>
internal sealed class ApiPrinter(bool withNullability)
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>All types that others can see.</summary>
    public IEnumerable<ApiType> Print(Assembly assembly) =>
        assembly.GetTypes().Where(IsVisible).OrderBy(type => type.FullName, StringComparer.Ordinal).Select(Print);

    /// <summary>One type.</summary>
    public ApiType Print(Type type)
    {
        if (IsDelegate(type))
            return new(Header(type), []);
        var constructors = type.GetConstructors(Declared).Where(IsVisible).Where(constructor => !constructor.IsStatic);
        var fields = type.GetFields(Declared).Where(field => IsVisible(field) && !field.IsSpecialName);
        var methods = type.GetMethods(Declared).Where(method =>
            IsVisible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) && !method.Name.Contains('<'));
        var members = constructors.Select(constructor => $"{Access(constructor)}ctor({Parameters(constructor)})")
            .Concat(fields.Select(Field))
            .Concat(type.GetProperties(Declared).Select(Property).OfType<string>())
            .Concat(type.GetEvents(Declared).Where(item => IsVisible(item.AddMethod!)).Select(Event))
            .Concat(methods.Select(Method));
        return new(Header(type), [.. members]);
    }

    private string Header(Type type)
    {
        var invoke = IsDelegate(type) ? type.GetMethod("Invoke") : null;
        var signature = invoke is null ? "" : $" : {Returns(invoke)} ({Parameters(invoke)})";
        var bases = string.Join(", ", Bases(type));
        var constraints = type.IsGenericTypeDefinition ? Constraints(type.GetGenericArguments()) : "";
        return (type.IsNested && !type.IsNestedPublic ? "protected " : "public ")
            + $"{Kind(type)} {(type.Namespace is { } space ? space + "." : "")}{TypeText.Declared(type)}{signature}"
            + (bases.Length > 0 ? $" : {bases}" : "") + constraints + Usage(type) + Obsolete(type);
    }

    private static string Kind(Type type)
    {
        if (type.IsEnum)
            return "enum";
        if (IsDelegate(type))
            return "delegate";
        if (type.IsInterface)
            return "interface";
        if (type.IsValueType)
            return Has(type, nameof(IsReadOnlyAttribute)) ? "readonly struct" : "struct";
        var modifier = (type.IsAbstract, type.IsSealed) switch
        {
            (true, true) => "static ",
            (true, false) => "abstract ",
            (false, true) => "sealed ",
            _ => "",
        };
        return modifier + (type.GetMethod("<Clone>$") is null ? "class" : "record");
    }

    private static IEnumerable<string> Bases(Type type)
    {
        if (type.IsEnum)
            return type.GetEnumUnderlyingType() is var underlying && underlying != typeof(int) ? [TypeText.Use(underlying)] : [];
        if (IsDelegate(type))
            return [];
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        var own = type.GetInterfaces().Where(face => face.IsVisible && !inherited.Contains(face)).Select(face => TypeText.Use(face));
        return (type.IsClass && type.BaseType != typeof(object) ? [TypeText.Use(type.BaseType!)] : Array.Empty<string>())
            .Concat(own.Order(StringComparer.Ordinal));
    }

    private static string Usage(Type type)
    {
        var usage = type.CustomAttributes.FirstOrDefault(attribute => attribute.AttributeType == typeof(AttributeUsageAttribute));
        if (usage is null)
            return "";
        var named = usage.NamedArguments.Select(argument => $", {argument.MemberName}={argument.TypedValue.Value}");
        return $"  [AttributeUsage({(AttributeTargets)(int)usage.ConstructorArguments[0].Value!}{string.Concat(named)})]";
    }

    private string Field(FieldInfo field)
    {
        if (field.DeclaringType!.IsEnum)
            return $"{field.Name} = {field.GetRawConstantValue()}";
        var access = field.IsPublic ? "public " : "protected ";
        var modifiers = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
        var value = field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : "";
        return $"{access}{modifiers}{TypeText.Use(field.FieldType, Flags(field))} {field.Name}{value}";
    }

    // Null when nobody can see it.
    private string? Property(PropertyInfo property)
    {
        var get = property.GetMethod is { } getter && IsVisible(getter) ? getter : null;
        var set = property.SetMethod is { } setter && IsVisible(setter) ? setter : null;
        if ((get ?? set) is not { } accessor)
            return null;

        var index = property.GetIndexParameters();
        var name = index.Length == 0 ? property.Name : $"this[{Parameters(index, isExtension: false)}]";
        var accessors = (get is null ? "" : "get; ") + (set is null ? "" : SetAccess(get, set) + (IsInit(set) ? "init; " : "set; "));
        var required = Has(property, nameof(RequiredMemberAttribute)) ? "required " : "";
        return $"{Access(accessor)}{required}{TypeText.Use(property.PropertyType, withNullability ? NullableFlags.Of(property) : null)} {name} {{ {accessors}}}";
    }

    private static string SetAccess(MethodInfo? get, MethodInfo set) => get?.IsPublic == true && !set.IsPublic ? "protected " : "";

    private static bool IsInit(MethodInfo set) =>
        set.ReturnParameter.GetRequiredCustomModifiers().Any(modifier => modifier.Name == "IsExternalInit");

    private string Event(EventInfo item) =>
        $"{Access(item.AddMethod!)}event {TypeText.Use(item.EventHandlerType!, Flags(item))} {item.Name}";

    private string Method(MethodInfo method)
    {
        var generics = method.IsGenericMethodDefinition ? method.GetGenericArguments() : [];
        var names = generics.Length == 0 ? "" : $"<{string.Join(", ", generics.Select(generic => generic.Name))}>";
        return $"{Access(method)}{Returns(method)} {method.Name}{names}({Parameters(method)}){Constraints(generics)}{Obsolete(method)}";
    }

    private string Returns(MethodInfo method) =>
        TypeText.Use(method.ReturnType, withNullability ? NullableFlags.Of(method.ReturnParameter) : null);

    private string Parameters(MethodBase method) => Parameters(method.GetParameters(), Has(method, nameof(ExtensionAttribute)));

    private string Parameters(ParameterInfo[] parameters, bool isExtension) =>
        string.Join(", ", parameters.Select((parameter, i) => (i == 0 && isExtension ? "this " : "") + Parameter(parameter)));

    private string Parameter(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        var modifier = Has(parameter.CustomAttributes, nameof(ParamArrayAttribute)) ? "params " : "";
        if (type.IsByRef)
        {
            modifier += parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
            type = type.GetElementType()!;
        }

        var value = parameter.HasDefaultValue ? $" = {DefaultValue(parameter)}" : "";
        return $"{modifier}{TypeText.Use(type, withNullability ? NullableFlags.Of(parameter) : null)} {parameter.Name}{value}";
    }

    private static string DefaultValue(ParameterInfo parameter) =>
        parameter.RawDefaultValue is null && parameter.ParameterType.IsValueType ? "default" : Literal(parameter.RawDefaultValue);

    private static string Constraints(Type[] generics)
    {
        var clauses = generics.Select(generic => (generic, Names: ConstraintsOf(generic))).Where(clause => clause.Names.Count > 0);
        return string.Concat(clauses.Select(clause => $" where {clause.generic.Name} : {string.Join(", ", clause.Names)}"));
    }

    private static List<string> ConstraintsOf(Type generic)
    {
        var flags = generic.GenericParameterAttributes;
        var names = new List<string>();
        if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
            names.Add("class");
        var isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        if (isStruct)
            names.Add("struct");
        names.AddRange(generic.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(type => TypeText.Use(type)));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct)
            names.Add("new()");
        return names;
    }

    private static string Access(MethodBase method)
    {
        if (method.DeclaringType!.IsInterface)
            return method.IsStatic ? "static " : method.IsAbstract ? "" : "default ";
        var access = method.IsPublic ? "public " : "protected ";
        if (method.IsStatic)
            return access + "static ";
        if (method is ConstructorInfo)
            return access;
        var isNew = method.Attributes.HasFlag(MethodAttributes.NewSlot);
        return access + (method.IsAbstract, method.IsVirtual, method.IsFinal, isNew) switch
        {
            (true, _, _, true) => "abstract ",
            (true, _, _, false) => "abstract override ",
            (_, true, true, false) => "sealed override ",
            (_, true, false, false) => "override ",
            (_, true, false, true) => "virtual ",
            _ => "",
        };
    }

    private static string Obsolete(MemberInfo member) => Has(member, nameof(ObsoleteAttribute)) ? "  [Obsolete]" : "";

    private static string Literal(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        bool flag => flag ? "true" : "false",
        char character => $"'{character}'",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private NullableFlags? Flags(MemberInfo member) => withNullability ? NullableFlags.Of(member) : null;

    private static bool Has(MemberInfo member, string attribute) => Has(member.CustomAttributes, attribute);

    private static bool Has(IEnumerable<CustomAttributeData> attributes, string attribute) =>
        attributes.Any(data => data.AttributeType.Name == attribute);

    private static bool IsDelegate(Type type) => type.BaseType == typeof(MulticastDelegate);

    private static bool IsVisible(Type type) => type.IsNested
        ? (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!)
        : type.IsPublic;

    private static bool IsVisible(FieldInfo field) => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly;

    // What only heirs can see, nobody sees in a sealed type.
    private static bool IsVisible(MethodBase method) =>
        method.IsPublic || (method.IsFamily || method.IsFamilyOrAssembly) && !method.DeclaringType!.IsSealed;
}
